"""What a layer is: its parameters, ports and lowering, declared once."""
