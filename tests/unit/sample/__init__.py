"""Tests of the fictional state."""
