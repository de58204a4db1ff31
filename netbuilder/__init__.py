"""Design neural networks by drag and drop, watch them train live, export proven ONNX."""

__version__ = "0.1.0"
