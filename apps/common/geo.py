"""Coordinates: GCJ-02 (what WeChat's maps give and take) and WGS-84.

The offset formulas are the published ones of GCJ-02 (eviltransform and others agree); check points: rules of the
district, 588 m between the two systems at its centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Crs = Literal["gcj02", "wgs84"]
_A = 6378245.0  # semi-major axis of the Krasovsky 1940 ellipsoid, m
_EE = 0.00669342162296594323  # its eccentricity squared
EARTH_RADIUS_M = 6_371_008.8
# China's mainland with a margin; a point outside can not be a place of this district.
CHINA = (73.0, 17.5, 135.5, 54.0)


@dataclass(frozen=True, slots=True)
class Point:
    """A place: degrees east, degrees north, and the system they are meant in."""

    lng: float
    lat: float
    crs: Crs = "gcj02"

    def to(self, crs: Crs) -> Point:
        """Return the same place in ``crs``; better than 0.1 m both ways inside China."""
        if crs == self.crs:
            return self
        if crs == "gcj02":
            d_lng, d_lat = _offset(self.lng, self.lat)
            return Point(self.lng + d_lng, self.lat + d_lat, "gcj02")
        return _inverse(self)

    def distance_m(self, other: Point) -> float:
        """Return the great-circle distance in metres; ``other`` is converted to this point's system first."""
        there = other.to(self.crs)
        lat1, lat2 = math.radians(self.lat), math.radians(there.lat)
        half_lat = (lat2 - lat1) / 2
        half_lng = math.radians(there.lng - self.lng) / 2
        h = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lng) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(h))

    @property
    def in_china(self) -> bool:
        """Whether the point lies in the box around China's mainland."""
        west, south, east, north = CHINA
        return west <= self.lng <= east and south <= self.lat <= north


def _offset(lng: float, lat: float) -> tuple[float, float]:
    x, y = lng - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    waves = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    d_lat += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    d_lat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    d_lng = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    d_lng += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    d_lng += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = math.radians(lat)
    magic = 1 - _EE * math.sin(phi) ** 2
    d_lat = d_lat * 180.0 / (_A * (1 - _EE) / (magic * math.sqrt(magic)) * math.pi)
    d_lng = d_lng * 180.0 / (_A / math.sqrt(magic) * math.cos(phi) * math.pi)
    return d_lng, d_lat


def _inverse(point: Point) -> Point:
    lng, lat = point.lng, point.lat
    for _step in range(8):  # converges below 1e-9 degrees (0.1 mm) in four steps
        d_lng, d_lat = _offset(lng, lat)
        lng, lat = point.lng - d_lng, point.lat - d_lat
    return Point(lng, lat, "wgs84")
