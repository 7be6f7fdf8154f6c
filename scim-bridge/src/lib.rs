//! A SCIM 2.0 server in front of SAP Concur, and the answers to who expenses which app.
