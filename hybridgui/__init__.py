"""The window of HybridGUI: views of the engine, no numbers of their own."""
