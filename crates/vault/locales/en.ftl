# The vault of people's data: why something was refused.
vault-error-purpose = “{ $purpose }” is no purpose of looking at a person's data. Choose one from the list.
vault-error-not-found = There is no such person.
vault-error-erased = The person's data was erased.
vault-error-confidential = The reporter is protected: two people must agree and write down why before the name is shown.
vault-error-unmasking = This request to show the reporter cannot be decided in this way.
vault-error-field = { $field }: { $reason }
vault-error-sealed = The personal data cannot be opened at present. Ask the system administrator.
