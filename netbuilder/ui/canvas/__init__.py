"""The canvas: blocks and wires, drawn and edited by hand."""
