"""Tests against a real portal on this machine: snovault with the fixture's item types, in a sandbox."""
