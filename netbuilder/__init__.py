"""Design neural networks by drag and drop, watch them train live, export proven ONNX."""

import os

# Read when torch is loaded: by default its threads spin while they wait for one another, and on a machine that has
# other things to do, the window among them, training then takes many times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
