//! Reports and users pulled from Concur, lines matched to apps, questions answered.
