"""Plan -> the world: files, the network, schema snapshots."""
