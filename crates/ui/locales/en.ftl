# Words of the layouts and shared pieces. The words of a capability are in its own folder, keys begin with its name.
ui-brand = Shiyu
ui-skip = Skip to content
ui-menu = Main menu
ui-menu-work = Work
ui-menu-insight = Insight
ui-menu-manage = Administration
ui-menu-own = My account
ui-notices = Notices
ui-theme-auto = Theme: as the device
ui-theme-light = Theme: light
ui-theme-dark = Theme: dark
ui-elder-on = Large type
ui-elder-off = Normal type
ui-sign-in = Sign in
ui-inbox = Notices
ui-inbox-unread = { $n } unread
ui-sign-out = Sign out
ui-home = Home
ui-help = Help
ui-footer = { $city } · governed in the open with Shiyu
ui-time = { $day } { $clock }
ui-today = today
ui-yesterday = yesterday
ui-tomorrow = tomorrow
ui-month = { $n ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
ui-date-short = { $day } { $month }
ui-date-long = { $day } { $month } { $year }
ui-left-minute = { $n ->
    [one] 1 minute left
   *[other] { $n } minutes left
}
ui-left-working-hour = { $n ->
    [one] 1 working hour left
   *[other] { $n } working hours left
}
ui-left-working-day = { $n ->
    [one] 1 working day left
   *[other] { $n } working days left
}
ui-left-urgent-hour = { $n ->
    [one] 1 urgent hour left
   *[other] { $n } urgent hours left
}
ui-left-urgent-day = { $n ->
    [one] 1 urgent day left
   *[other] { $n } urgent days left
}
ui-left-calendar-day = { $n ->
    [one] 1 calendar day left
   *[other] { $n } calendar days left
}
ui-over-minute = { $n ->
    [one] 1 minute over
   *[other] { $n } minutes over
}
ui-over-working-hour = { $n ->
    [one] 1 working hour over
   *[other] { $n } working hours over
}
ui-over-working-day = { $n ->
    [one] 1 working day over
   *[other] { $n } working days over
}
ui-over-urgent-hour = { $n ->
    [one] 1 urgent hour over
   *[other] { $n } urgent hours over
}
ui-over-urgent-day = { $n ->
    [one] 1 urgent day over
   *[other] { $n } urgent days over
}
ui-over-calendar-day = { $n ->
    [one] 1 calendar day over
   *[other] { $n } calendar days over
}
ui-due-now = due now
ui-light-late = late
ui-light-soon = due soon
ui-light-in-time = in time
ui-light-provisional = provisional
ui-light-parked = parked
ui-no-data = no data
ui-optional = optional
ui-form-faults = { $n ->
    [one] One thing needs a change
   *[other] { $n } things need a change
}
ui-form-blank = Please choose
ui-form-all = All
ui-form-none = None
ui-form-city = The whole city
ui-step-done = done
ui-step-current = in progress
ui-step-next = to come
ui-steps = Progress
ui-queues = Queues
ui-queue-late = { $n } late
ui-queue-soon = { $n } due soon
ui-crumbs = You are here
ui-pager = Pages
ui-pager-previous = Previous
ui-pager-next = Next
ui-pager-shown = { $n ->
    [one] 1 row on this page
   *[other] { $n } rows on this page
}
ui-pager-shown-of = { $n } of { $total } on this page
ui-chart-table = Show as a table
ui-chart-when = Time
ui-chart-keys = Left and right arrows walk along the points; t opens the table.
ui-map = Map
ui-map-wait = The map loads when it comes into view; this page works without it.
ui-map-legend = Legend
ui-map-places = { $n ->
    [one] 1 place
   *[other] { $n } places
}
ui-map-unknown = no data, or too few
ui-map-few = too few to compare (n = { $n })
ui-map-shade = { $name }: { $value }
ui-map-word-failed = The map did not load; this page works without it.
ui-map-word-in = Zoom in
ui-map-word-out = Zoom out
ui-map-word-whole = Show everything
ui-map-word-wheel = Hold Ctrl and scroll to zoom the map
ui-map-word-wheel-mac = Hold ⌘ and scroll to zoom the map
ui-map-word-touch = Move the map with two fingers
ui-map-word-me = Use my position
ui-map-word-me-failed = Your position is not available. Press on the map, or give an address.
ui-map-word-pin = The place set
ui-map-word-pin-key = Press on the map to set the place. With the keyboard: arrows move the map, Enter sets its middle.
ui-map-word-pinned = Place set: { $place }
ui-map-word-pinned-outside = The place set lies outside this city's divisions.
ui-map-word-many = { $n } cases; zoom in to see them apart
ui-table-scroll = Table: { $name }, scrolls sideways
ui-confirm-cancel = Cancel
ui-confirm-yes = Yes, go ahead
ui-typed-back = What you had typed here and not sent is back.
ui-typed-back-contact = What you had typed here and not sent is back. Names, phone numbers and e-mail addresses are never kept: please enter them again.
ui-typed-drop = Begin anew
ui-leave-unsaved = There are unsaved entries. Leave anyway?
ui-error-reference = Reference
ui-error-what = What happened
ui-error-kept = What was kept
ui-error-do = What you can do now
ui-error-back = Go back
ui-error-bad-input-title = Something could not be read
ui-error-bad-input-happened = One or more entries do not fit what is asked for, so nothing was done.
ui-error-bad-input-kept = Nothing was changed; what you typed is usually still there when you go back.
ui-error-bad-input-advice = Go back, look at the marked fields and send the form again.
ui-error-sign-in-title = Please sign in first
ui-error-sign-in-happened = This page is for signed-in staff only, or your sign-in has run out.
ui-error-sign-in-kept = Whatever you had sent is saved; what was not sent is not.
ui-error-sign-in-advice = Sign in and open the page again.
ui-error-forbidden-title = Your role does not allow this
ui-error-forbidden-happened = Your account may not do this. The attempt was recorded, as the rules ask.
ui-error-forbidden-kept = Nothing was changed.
ui-error-forbidden-advice = If your work needs it, ask the security administrator to change the rights of your account.
ui-error-not-found-title = There is no such page
ui-error-not-found-happened = Nothing is at this address, or it is not open to you.
ui-error-not-found-kept = Nothing was changed.
ui-error-not-found-advice = Check the address, or begin again from the first page.
ui-error-conflict-title = Somebody else was faster
ui-error-conflict-happened = Somebody acted on this matter after you opened it, so your step was not taken.
ui-error-conflict-kept = Their step is saved; yours was not taken.
ui-error-conflict-advice = Go back, see how things stand now, and decide again.
ui-error-too-large-title = Too large
ui-error-too-large-happened = The file or the text is larger than allowed, so it was not taken.
ui-error-too-large-kept = Nothing was changed.
ui-error-too-large-advice = Use smaller photos or files, or send them in parts.
ui-error-stale-title = This form is too old
ui-error-stale-happened = The form was opened long ago, or not on this site.
ui-error-stale-kept = Nothing was done. What you typed is put back when you open the page again; choose photos anew.
ui-error-stale-advice = Open the page again and send the form once more.
ui-error-too-many-title = Too many requests
ui-error-too-many-happened = There were many requests in a short time; a pause keeps the service open for all.
ui-error-too-many-kept = What had succeeded is saved; this one was not done.
ui-error-too-many-advice = Wait a minute and try again.
ui-error-busy-title = Very busy just now
ui-error-busy-happened = The system is busy and could not get to this.
ui-error-busy-kept = What had succeeded is saved; this one was not done.
ui-error-busy-advice = Wait a moment and try again.
ui-error-fault-title = Something broke
ui-error-fault-happened = This is a fault of ours, not of yours. It has been recorded.
ui-error-fault-kept = Everything confirmed before is saved; this one was not done.
ui-error-fault-advice = Try again; if it still fails, give the reference to the administrator.
ui-call-line = The city’s hotline
ui-call = Call { $number }
ui-limit-uh =
    { $n ->
        [one] 1 urgent hour
       *[other] { $n } urgent hours
    }
ui-limit-ud =
    { $n ->
        [one] 1 urgent day
       *[other] { $n } urgent days
    }
ui-limit-wh =
    { $n ->
        [one] 1 working hour
       *[other] { $n } working hours
    }
ui-limit-wd =
    { $n ->
        [one] 1 working day
       *[other] { $n } working days
    }
ui-limit-cd =
    { $n ->
        [one] 1 calendar day
       *[other] { $n } calendar days
    }
ui-limit-none = no limit
