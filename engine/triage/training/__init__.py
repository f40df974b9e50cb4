"""How the local model is made: ``make train``. Nothing here is used at run time, nothing else imports it."""
