"""Where we look: draws away from special values, edges on purpose, and dense sweeps."""
