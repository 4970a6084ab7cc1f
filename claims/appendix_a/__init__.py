"""Appendix A: what is trained, on what, and how."""
