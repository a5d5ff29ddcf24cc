"""Wrong twins of common layers, each in the signature of the layer's own gradient."""
