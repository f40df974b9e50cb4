"""An embedded GLPI on the loopback interface, with the real one's quirks and faults.

For the demonstration, for training and for tests. Knows the legacy API of GLPI 10 and 11 as far as Guichet uses it,
held to exchanges recorded with real servers. Needs the standard library only.
"""

from glpi.simulator.faults import FAULTS, Fault, reply, slow, status
from glpi.simulator.server import Simulator
from glpi.simulator.technician import Technician

__all__ = ["FAULTS", "Fault", "Simulator", "Technician", "reply", "slow", "status"]
