"""The settings of the gateways that the days are played to. {folder}: where the journal is."""

from __future__ import annotations

from typing import Final

SHEEP_LINE: Final = """
gateway:
  id: dx-yidong-01
  operator: {{name: 伊东羊业科技有限公司}}
  site: {{name: 东乡屠宰场, division: "622926"}}
journal: {{path: {folder}/journal.db}}
ports:
  scanner: {{serial: /dev/ttyS1, baud: 9600}}
  lairage: {{serial: /dev/ttyS2, baud: 9600}}
  stunning: {{serial: /dev/ttyS3, baud: 9600}}
  hooks: {{serial: /dev/ttyS4, baud: 57600}}
  rail: {{serial: /dev/ttyS5, baud: 9600}}
  radio: {{bluetooth: hci0}}
places:
  lairage: {{kind: lairage, name: 待宰圈}}
  stunning: {{kind: station, name: 击晕点}}
  core-point: {{kind: station, name: 测芯点}}
  chiller-1: {{kind: chiller, name: 1号排酸间, facility: 风冷机组 A, setpoint: 2.0}}
devices:
  bench-scanner: {{driver: scanner, port: scanner, place: lairage}}
  lairage-tags: {{driver: tag_lines, port: lairage, scheme: cn-eartag, place: lairage, repeat: 30s}}
  ear-tags: {{driver: tag_lines, port: stunning, scheme: cn-eartag, place: stunning, repeat: 30s}}
  hook-bind: {{driver: uhf_reader18, port: hooks, channel: 1, place: stunning, repeat: 20s}}
  hook-scale: {{driver: uhf_reader18, port: hooks, channel: 2, repeat: 20s}}
  hook-core: {{driver: uhf_reader18, port: hooks, channel: 3, place: core-point, repeat: 20s}}
  hook-in: {{driver: uhf_reader18, port: hooks, channel: 4, place: chiller-1, repeat: 20s}}
  hook-out: {{driver: uhf_reader18, port: hooks, channel: 5, place: chiller-1, repeat: 20s}}
  rail-scale: {{driver: scale, port: rail, format: mt-continuous, place: stunning}}
  core-probe: {{driver: atc, port: radio, address: "A4:C1:38:00:00:12", place: core-point}}
  chiller-1-air: {{driver: ruuvi, port: radio, address: "C4:64:E3:00:00:11", every: 10s, place: chiller-1}}
records:
  arrival:
    lairage:
      place: lairage
      readers: [lairage-tags]
      scanner: bench-scanner
      lot: certificate
  slaughter:
    sheep:
      species: sheep
      line:
        - {{reader: ear-tags, step: stunned}}
        - {{reader: hook-bind, step: bound, lag: [35s, 46s]}}
        - {{reader: hook-scale, step: weighed}}
        - {{reader: hook-core, step: cored}}
        - {{reader: hook-in, step: entered}}
        - {{reader: hook-out, step: left}}
      hooks: {{pattern: "E2001[0-9A-F]{{19}}", reused_after: 10min}}
      core: {{probe: core-probe, within: 90s, settle: {{within: 0.2, for: 15s}}}}
      weight: {{scale: rail-scale, within: 11s}}
      rooms:
        - {{place: chiller-1, climate: [chiller-1-air], limit: 4.0}}
"""
"""A sheep line of 300 an hour with hook readers, and its chiller."""

COLD_STORE: Final = """
gateway:
  id: dx-yidong-01
  operator: {{name: 伊东羊业科技有限公司}}
  site: {{name: 东乡屠宰场, division: "622926"}}
journal: {{path: {folder}/journal.db}}
ports:
  scanner: {{serial: /dev/ttyS1, baud: 9600}}
  dock: {{serial: /dev/ttyS2, baud: 9600}}
  radio: {{bluetooth: hci0}}
places:
  cold-room-1: {{kind: cold-room, name: 1号冷库, facility: 风冷机组 B, setpoint: 1.5}}
  dock: {{kind: dock, name: 出货月台}}
  lanzhou: {{kind: customer, name: 兰州肉联批发市场, gln: "6901234000047"}}
devices:
  bench-scanner: {{driver: scanner, port: scanner, place: cold-room-1}}
  dock-scanner: {{driver: scanner, port: dock, place: dock}}
  cold-room-1-air:
    {{driver: ruuvi, port: radio, address: "C4:64:E3:00:00:21", every: 10s, place: cold-room-1}}
  cold-room-1-door: {{driver: teltonika, port: radio, address: "7C:D9:F4:00:00:22", place: cold-room-1}}
alarms:
  warm: {{points: [cold-room-1-air.temperature], above: 4.0, for: 10min, clear_below: 3.5, severity: high}}
  door: {{points: [cold-room-1-door.open], equals: true, for: 3min}}
records:
  storage:
    cold-room-1:
      place: cold-room-1
      climate: [cold-room-1-air]
      limit: 4.0
      door: cold-room-1-door
      moves: bench-scanner
      every: 1h
      series: 5min
  dispatch:
    gate: {{place: dock, scanner: dock-scanner, climate: [cold-room-1-air]}}
"""
"""A cold room with a door that tells when it is open, and a dock."""

TRUCK: Final = """
gateway:
  id: dx-yidong-truck-07
  operator: {{name: 伊东羊业科技有限公司}}
  site: {{name: 东乡屠宰场, division: "622926"}}
journal: {{path: {folder}/journal.db}}
ports:
  gps: {{serial: /dev/ttyS0, baud: 9600}}
  scanner: {{serial: /dev/ttyS1, baud: 9600}}
  radio: {{bluetooth: hci0}}
places:
  truck: {{kind: vehicle, name: 冷藏车 7 号, plate: 甘N12345}}
  body: {{kind: compartment, name: 货厢, within: truck, setpoint: 2.0}}
  plant: {{kind: site, name: 东乡屠宰场, at: {{lat: 35.6636, lon: 103.3894, radius: 300m}}}}
  lanzhou: {{kind: customer, name: 兰州肉联批发市场, at: {{lat: 36.0611, lon: 103.8343, radius: 250m}}}}
devices:
  gps: {{driver: nmea, port: gps, place: truck, thin: {{distance: 50m, turn: 20deg, at_least: 60s}}}}
  hand-scanner: {{driver: scanner, port: scanner, place: truck}}
  body-air: {{driver: ruuvi, port: radio, address: "C4:64:E3:00:00:01", every: 10s, place: body}}
  body-door: {{driver: teltonika, port: radio, address: "7C:D9:F4:00:00:02", place: body}}
alarms:
  body-warm: {{points: [body-air.temperature], above: 4.0, for: 15min, clear_below: 3.5, while: trip}}
records:
  transport:
    lanzhou-run:
      place: truck
      position: gps
      climate: [body-air]
      limit: 4.0
      door: body-door
      scanner: hand-scanner
      begin: {{leaves: plant}}
      end: {{stays: lanzhou, for: 10min}}
      every: 15min
      series: 5min
      stop: {{slower: 3km/h, for: 3min}}
      never_longer_than: 24h
      disinfection: {{required: true, valid: 7d}}
"""
"""A refrigerated truck from Dongxiang to Lanzhou."""
