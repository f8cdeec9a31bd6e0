"""How the probes spell a measurement in an advertisement, by their makers' own descriptions.

All numbers are little-endian where not said otherwise.

bthome, service 0xFCD2 (bthome.io/format, bthome.io/encryption)::

    40 | 00 packet id u8 | 01 battery u8 % | 02 temperature s16 0.01 Cel | 03 humidity u16 0.01 %
    41 | the objects without packet id, AES-CCM | counter u32 | MIC 4     nonce: address 6, D2 FC, 41, counter

ruuvi-5, company 0x0499, big-endian (docs.ruuvi.com, data format 5)::

    05 | temperature s16 0.005 Cel, 8000: none | humidity u16 0.0025 %, FFFF: none | pressure u16 Pa - 50000
    acceleration 3 x s16 mg | battery 11 bits mV - 1600, power 5 bits 2 dBm - 40 | movements u8
    sequence u16 | address 6

atc1441, service 0x181A, big-endian (github.com/atc1441/ATC_MiThermometer)::

    address 6 | temperature s16 0.1 Cel | humidity u8 % | battery u8 % | battery u16 mV | packet id u8

pvvx, service 0x181A (github.com/pvvx/ATC_MiThermometer, custom format)::

    address 6, last byte first | temperature s16 0.01 Cel | humidity u16 0.01 % | battery u16 mV
    battery u8 % | packet id u8 | flags u8

govee-h5075, company 0xEC88 (github.com/Thrilleratplay/GoveeWatcher)::

    00 | 24 bits, big-endian: sign, then 1000 x tenths of Cel + tenths of % | battery u8 % | 00

teltonika-eye, company 0x089A, big-endian (wiki.teltonika-gps.com, EYE sensor, Bluetooth frame parsing)::

    01 | flags | temperature s16 0.01 Cel | humidity u8 % | battery u8 10 mV + 2000
    flags: 0 temperature, 1 humidity, 2 magnet, 3 it is there, 6 low battery, 7 battery
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

BTHOME, ENVIRONMENT = 0xFCD2, 0x181A
RUUVI, GOVEE, TELTONIKA = 0x0499, 0xEC88, 0x089A

PRESSURE_PA = 100_044
STILL_MG = (4, -4, 1036)
POWER_DBM = 4
NONE_S16, NONE_U16 = -0x8000, 0xFFFF


class Sample(NamedTuple):
    """What a measurement says: Cel and % (None: the probe has no value), battery in %.

    closed: a magnet is near.
    """

    temperature: float | None
    humidity: float | None
    battery: int
    counter: int
    closed: bool = True

    @property
    def millivolts(self) -> int:
        """Of a lithium cell with this charge, about."""
        return 2000 + 10 * self.battery


class Payload(NamedTuple):
    """What an advertisement carries: data by company and by a service's 16-bit UUID; services only named."""

    manufacturer: Mapping[int, bytes] = {}
    services: Mapping[int, bytes] = {}
    uuids: tuple[int, ...] = ()

    def damaged(self) -> Payload:
        """The same with the last byte of each lost."""
        return self._replace(
            manufacturer={company: data[:-1] for company, data in self.manufacturer.items()},
            services={uuid: data[:-1] for uuid, data in self.services.items()},
        )


class Layout(NamedTuple):
    """encode: a sample whose values are multiples of the steps (Cel, %), with the address's six bytes.

    fails: whether it can say that there is no value. charge, voltage: what it says of the battery. counts:
    where its counter begins anew; 0: it has none.
    """

    encode: Callable[[Sample, bytes], Payload]
    temperature_step: float
    humidity_step: float
    fails: bool = False
    charge: bool = True
    voltage: bool = False
    counts: int = 0


def _bthome_objects(sample: Sample) -> bytes:
    objects = bytes((0x01, sample.battery))
    if sample.temperature is not None:
        objects += b"\x02" + struct.pack("<h", round(sample.temperature / 0.01))
    if sample.humidity is not None:
        objects += b"\x03" + struct.pack("<H", round(sample.humidity / 0.01))
    return objects


def bthome(sample: Sample, address: bytes) -> Payload:
    """In the clear."""
    data = bytes((0x40, 0x00, sample.counter & 0xFF)) + _bthome_objects(sample)
    return Payload(services={BTHOME: data})


def bthome_encrypted(key: bytes) -> Callable[[Sample, bytes], Payload]:
    """Under this key of 16 bytes."""
    cipher = AESCCM(key, tag_length=4)

    def encode(sample: Sample, address: bytes) -> Payload:
        counter = struct.pack("<I", sample.counter)
        nonce = address + BTHOME.to_bytes(2, "little") + b"\x41" + counter
        sealed = cipher.encrypt(nonce, _bthome_objects(sample), None)
        return Payload(services={BTHOME: b"\x41" + sealed[:-4] + counter + sealed[-4:]})

    return encode


def ruuvi_5(sample: Sample, address: bytes) -> Payload:
    """RAWv2."""
    none = sample.temperature is None
    temperature = NONE_S16 if sample.temperature is None else round(sample.temperature / 0.005)
    humidity = NONE_U16 if none or sample.humidity is None else round(sample.humidity / 0.0025)
    power = (sample.millivolts - 1600) << 5 | (POWER_DBM + 40) // 2
    data = struct.pack(
        ">BhHHhhhHBH6s", 5, temperature, humidity, PRESSURE_PA - 50_000, *STILL_MG, power, 66,
        sample.counter & 0xFFFF, address,
    )  # fmt: skip
    return Payload(manufacturer={RUUVI: data})


def atc1441(sample: Sample, address: bytes) -> Payload:
    """The first custom firmware of the LYWSD03MMC."""
    temperature, humidity = _both(sample)
    data = address + struct.pack(
        ">hBBHB",
        round(temperature / 0.1),
        round(humidity),
        sample.battery,
        sample.millivolts,
        sample.counter & 0xFF,
    )
    return Payload(services={ENVIRONMENT: data})


def pvvx(sample: Sample, address: bytes) -> Payload:
    """The second, its "custom" format."""
    temperature, humidity = round(_both(sample)[0] / 0.01), round(_both(sample)[1] / 0.01)
    data = address[::-1] + struct.pack(
        "<hHHBBB", temperature, humidity, sample.millivolts, sample.battery, sample.counter & 0xFF, 0x04
    )
    return Payload(services={ENVIRONMENT: data})


def govee_h5075(sample: Sample, address: bytes) -> Payload:
    """Also of H5072 and H5101."""
    temperature, humidity = _both(sample)
    packed = round(abs(temperature) / 0.1) * 1000 + round(humidity / 0.1)
    packed |= 0x800000 if temperature < 0 else 0
    data = b"\x00" + packed.to_bytes(3, "big") + bytes((sample.battery, 0))
    return Payload(manufacturer={GOVEE: data}, uuids=(0xEC88,))


def teltonika_eye(sample: Sample, address: bytes) -> Payload:
    """The EYE sensor's second Bluetooth frame."""
    flags = 0x84 | (0x08 if sample.closed else 0) | (0x40 if sample.battery < 15 else 0)
    data = b""
    if sample.temperature is not None:
        flags |= 0x01
        data += struct.pack(">h", round(sample.temperature / 0.01))
    if sample.humidity is not None:
        flags |= 0x02
        data += bytes((round(sample.humidity),))
    data = bytes((1, flags)) + data + bytes(((sample.millivolts - 2000) // 10,))
    return Payload(manufacturer={TELTONIKA: data})


def _both(sample: Sample) -> tuple[float, float]:
    """Of a layout that always has both values."""
    assert sample.temperature is not None
    assert sample.humidity is not None
    return sample.temperature, sample.humidity


LAYOUTS: dict[str, Layout] = {
    "bthome": Layout(bthome, 0.01, 0.01, fails=True, counts=1 << 8),
    "ruuvi-5": Layout(ruuvi_5, 0.005, 0.0025, fails=True, charge=False, voltage=True, counts=1 << 16),
    "atc1441": Layout(atc1441, 0.1, 1.0, voltage=True, counts=1 << 8),
    "pvvx": Layout(pvvx, 0.01, 0.01, voltage=True, counts=1 << 8),
    "govee-h5075": Layout(govee_h5075, 0.1, 0.1),
    "teltonika-eye": Layout(teltonika_eye, 0.01, 1.0, fails=True, charge=False, voltage=True),
}
"""By their names in a scenario."""
