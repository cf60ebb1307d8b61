//! End to end: the running binary against independent judges.
