"""Names that vulture believes unused: parts of facts and interfaces that later domains read."""

from seawall.core.edit import Safety
from seawall.kubernetes.rbac_grants import PolicyRule
from seawall.kubernetes.schema import KindInfo
from seawall.sources.git.index import Stat

_ = (Safety.SAFE, Safety.UNSAFE, KindInfo.namespaced, PolicyRule.grants_url, Stat.ctime)
