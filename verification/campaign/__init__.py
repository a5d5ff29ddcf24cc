"""Campaigns: many implementations judged unattended, each answer kept as soon as it is there."""
