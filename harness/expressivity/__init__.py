"""Section 4 and Appendix C: Lemma 1, Theorem 1 and Corollary 1 as constructions."""
