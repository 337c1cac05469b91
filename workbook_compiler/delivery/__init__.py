"""Plan -> the world: files, their checksums, the network, schema snapshots."""
