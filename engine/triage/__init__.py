"""Reading the turns of a conversation into a summary: contract, engines and their cascade."""
