"""Section 4 and Appendix C: finite-sample expressivity."""
