// What a worker says of its leases in a tick: renewals, and notes about what runs.
#pragma once

#include "engines/sqlite/lease_book.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

[[nodiscard]] Expected<RenewalAnswer> renew(Connection& connection, LeaseBook& leases,
                                            const Renewal& renewal, Time expires_at);
[[nodiscard]] Expected<NoteAnswer> take_note(Connection& connection, LeaseBook& leases,
                                             const Note& note);

}  // namespace esteira::sqlite
