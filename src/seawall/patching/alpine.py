"""stub"""
from seawall.patching.tree import Tree
class Alpine:
    type="apk"
def is_there(tree): return False
