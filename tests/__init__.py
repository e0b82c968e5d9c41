"""Tests: they mirror tools/mattone/; whole stories live in scenarios/."""
