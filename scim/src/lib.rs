//! RFC 7643 and RFC 7644 as values: schema, filter, path, patch, messages, errors.
