"""An embedded GLPI on the loopback interface, with the real one's quirks and faults.

For the demonstration, for training and for tests. Knows the legacy API of GLPI 10 and 11,
held to exchanges recorded with real servers. Needs the standard library only.
"""

from glpi.simulator.faults import FAULTS, LATE_OR_TWICE, Fault, reply, slow, status, trickle
from glpi.simulator.server import Simulator
from glpi.simulator.switches import Rule
from glpi.simulator.technician import Technician

__all__ = ["FAULTS", "LATE_OR_TWICE", "Fault", "Rule", "Simulator", "Technician", "reply", "slow", "status", "trickle"]
