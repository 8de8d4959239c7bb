"""What a Python says of itself to `paceline shim`: where its modules lie, and which `trackio` and `wandb` it finds."""

import importlib.machinery
import json
import os
import site
import sys
import sysconfig

# The working directory, which is no place of modules.
sys.path = [place for place in sys.path if place]

folder = sysconfig.get_path("purelib")
try:
    import trackio
except Exception:  # somebody else's package may raise what it likes
    version = None
else:
    version = str(getattr(trackio, "__version__", ""))
    beside = os.path.dirname(os.path.dirname(os.path.abspath(trackio.__file__)))
    if beside in [*site.getsitepackages(), site.getusersitepackages()]:
        folder = beside

found = importlib.machinery.PathFinder.find_spec("wandb")
print(json.dumps({"site_packages": folder, "trackio": version, "wandb": found and found.origin}))
