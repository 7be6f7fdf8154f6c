//! Claims about speed, each with the answer it must also produce.
