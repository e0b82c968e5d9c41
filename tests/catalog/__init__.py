"""Tests of the catalogue itself: types, roles, services, forms, federation."""
