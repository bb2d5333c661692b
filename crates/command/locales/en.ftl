# Words of the command centre and the page of the morning.
command-menu = Command
command-menu-morning = Morning
command-title = Command centre
command-to-wall = Show on a wall
command-to-desk = Back to the desk
command-making = The figures are being made
command-making-advice = This page fills itself as soon as the record has been counted.
command-fresh = Counted up to { $time }
command-today = Reported today
command-against-week = yesterday { $n }, { $change } against the week before
command-on-time = Closed on time, share
command-open = Open
command-overdue = Late
command-received = received
command-closed = closed
command-year-before = received, 52 weeks before
command-curve = Received and closed, cases a day
command-decisions = Needs a decision ({ $n })
command-decisions-none = Nothing waits for a decision.
command-kind-warning = unusual
command-kind-coordinating = whose duty
command-returned = { $class }: returned { $n } times, a ruling is needed
command-morning = This morning
command-morning-decisions = To decide
command-decide = Look and decide
command-said-came = { $n ->
    [one] Yesterday one matter came in.
   *[other] Yesterday { $n } matters came in.
}
command-said-came-compared = { $n ->
    [one] Yesterday one matter came in, { $change } against { $before } a week before.
   *[other] Yesterday { $n } matters came in, { $change } against { $before } a week before.
}
command-said-nothing-closed = Nothing was closed in the seven days to yesterday.
command-said-on-time = Of what was closed in the seven days to yesterday, handled on time: { $rate }.
command-said-open = { $open } matters are open, { $overdue } of them late.
command-said-reworked = { $n ->
    [one] One case failed its check in the seven days to yesterday.
   *[other] { $n } cases failed their check in the seven days to yesterday.
}
command-said-waiting = { $warnings } unusual findings and { $rulings } disputed duties wait for a decision.
command-lights = The last week against its forecast
command-kind-review = to review
command-kind-reported = supervised
command-review = { $number }: an appeal, an exclusion or an answer to be decided
command-reported = { $n } supervised matters are reported done and wait to be signed off
command-decisions-some = The { $n } most pressing are shown; all of them:
command-map-none = There are no places to draw yet
command-map-none-advice = The map of the city appears here once the system administrator has imported its divisions.
command-to-map = Numbers and list of every place on the city map
command-stale = Not renewed since { $time }: the network is down, or the session has ended. The numbers are from then.
command-hang = Hang on a wall for 90 days
command-hang-sure = For 90 days this screen shows the command centre and the map of the city and can do nothing else. Your session here ends now.
command-instruct = Write an instruction
command-stock-against-week = a week ago { $week } ({ $change })
command-stock-against-both = a week ago { $week } ({ $change }), 52 weeks ago { $year } ({ $since })
command-overdue-of-open = { $rate } of the open; { $compared }
command-stock-curve = Open and late at the end of the day, cases
command-line-open = open
command-line-overdue = late
command-line-open-year = open, 52 weeks before
command-line-overdue-year = late, 52 weeks before
command-last-days-against = of what was closed in seven days, today included; the seven days before: { $rate }
command-to-figures = These figures by unit, with their cases
command-to-open = The open cases
command-lead-came = Reported yesterday
command-lead-closed = Closed
command-lead-on-time = Of these in time
command-lead-open = Open
command-lead-overdue = Late
command-lead-reworked = Failed check
command-lead-units = By unit
command-lead-warnings = Unusual
command-lead-rulings = Disputed duties
