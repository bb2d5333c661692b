admin-menu = Overview
admin-title = Administration
admin-import-file = Import a file
admin-imports = Imports
admin-imports-what = Bring in many rows by a file: look first, then write.
admin-imports-waiting = { $n ->
    [one] One file was looked at and waits for a decision
   *[other] { $n } files were looked at and wait for a decision
}
admin-territory = Territory
admin-territory-what = { $districts } districts, { $streets } streets and towns, { $cells } unit grids
admin-no-grids = There are no unit grids yet
admin-without-beat = { $n ->
    [one] One unit grid is in no beat
   *[other] { $n } unit grids are in no beat
}
admin-units = Units
admin-units-what = { $n ->
    [one] One unit in force
   *[other] { $n } units in force
}
admin-no-units = No unit is registered yet
admin-units-unreviewed = { $n ->
    [one] One unit was made by an import and not looked at
   *[other] { $n } units were made by imports and not looked at
}
admin-new-unit = New unit
admin-matters = Catalogue
admin-matters-what = { $n ->
    [one] One class to choose from
   *[other] { $n } classes to choose from
}
admin-no-classes = There is no class to choose from yet
admin-drafts = { $n ->
    [one] One draft is not published
   *[other] { $n } drafts are not published
}
admin-classes-unruled = { $n ->
    [one] One class has no registration condition
   *[other] { $n } classes have no registration condition
}
admin-classes-unreviewed = { $n ->
    [one] One class was made by an import and not looked at
   *[other] { $n } classes were made by imports and not looked at
}
admin-catalogues-ended = { $n ->
    [one] One catalogue is past its last day
   *[other] { $n } catalogues are past their last day
}
admin-new-class = New class
admin-catalogues = Catalogues
admin-duties = Duties
admin-duties-what = { $n ->
    [one] One line in force
   *[other] { $n } lines in force
}
admin-gaps-in = { $n ->
    [one] One class without a duty in { $name }
   *[other] { $n } classes without a duty in { $name }
}
admin-gaps-more = { $n ->
    [one] gaps in one more district
   *[other] gaps in { $n } more districts
}
admin-clashes = { $n ->
    [one] One double line
   *[other] { $n } double lines
}
admin-dead-duties = { $n ->
    [one] One line names a closed unit
   *[other] { $n } lines name a closed unit
}
admin-gaps = Gaps and double lines
admin-who = Who is responsible
admin-rules = Rules where nobody is named
admin-calendar = Working calendar
admin-calendar-what = Version in use: { $version }
admin-year-missing = The notice of { $year } is not loaded: deadlines are provisional
admin-channels = Channels
admin-channels-what = { $n ->
    [one] One channel
   *[other] { $n } channels
}
admin-channels-unreviewed = { $n ->
    [one] One channel was made by an import and not looked at
   *[other] { $n } channels were made by imports and not looked at
}
admin-users = People and roles
admin-users-what = Accounts, roles and scopes
admin-users-other = In the hands of the security administrator
admin-kind = What it holds
admin-kind-help = It is looked at first; nothing is written before you agree.
admin-kind-divisions = Divisions
admin-kind-grid = Unit grids or beats
admin-kind-units = Units
admin-kind-matters = Catalogue of matters
admin-kind-duties = Duties
admin-kind-calendar = Working calendar
admin-kind-grid-items = List of tasks for grid workers
admin-kind-definitions = Definitions of rates and scores
admin-kind-cases = Cases
admin-file = File
admin-file-help = Excel (.xlsx), CSV in UTF-8 or GeoJSON, at most 64 MB. Merged cells mean the same as above.
admin-source = Where it comes from
admin-source-help = The name of the file if empty.
admin-for-matters = For a catalogue
admin-catalogue = Word for the catalogue
admin-catalogue-help = Such as yuncheng-2020; the name of the file if empty. The same word again is an update.
admin-matter-kind = Kind
admin-matter-kind-help = Where the sheet does not say component or event.
admin-matter-component = Component
admin-matter-event = Event
admin-matter-other = Other
admin-bare-days = A bare 天 means
admin-bare-hours = A bare 小时 means
admin-bare-help = Without it such limits are refused, never guessed.
admin-clock-uh = urgent hours
admin-clock-ud = urgent days
admin-clock-wh = working hours
admin-clock-wd = working days
admin-clock-cd = calendar days
admin-standard = Standard
admin-version = Version
admin-valid-from = First day of the catalogue
admin-effective = Changes count from
admin-effective-help = Classes that changed say the new from this day on; today if empty.
admin-kind-drawing = Square unit grids, to be drawn
admin-for-drawing = For drawing unit grids
admin-for-drawing-help = Square cells are drawn over districts, streets or communities, cut at their borders and numbered from west to east and north to south. How many come to lie in each area is shown first. Where there are other cells nothing is drawn.
admin-metres = Side of a cell in metres
admin-metres-help = 10 to 5000; a community holds at most 999 cells.
admin-draw-over = Over these divisions
admin-draw-over-help = Codes of divisions whose border is known, separated by commas; then no file is needed. Empty: the areas of a GeoJSON file.
admin-for-territory = For divisions and grids
admin-crs = System of coordinates
admin-crs-help = WGS 84 if empty.
admin-crs-wgs84 = WGS 84
admin-crs-cgcs2000 = CGCS2000
admin-crs-gcj02 = GCJ-02 (Amap, Tencent)
admin-crs-bd09 = BD-09 (Baidu)
admin-for-cases = For cases
admin-map = Map of the columns (TOML)
admin-map-help = Says which column means what, as for the import by the command line.
admin-look = Upload and look
admin-none = No file has been imported by these pages yet
admin-none-advice = Choose what it holds and a file, and look at it first.
admin-when = When
admin-rows = Rows
admin-state = State
admin-state-ready = Waits for a decision
admin-state-running = Being written
admin-state-done = Done
admin-state-failed = Stopped
admin-state-cancelled = Cancelled
admin-sums = { $imported } new, { $updated } changed, { $unchanged } unchanged, { $rejected } refused
admin-no-file = Choose a file.
admin-no-map = A file of cases needs its map.
admin-read = Read
admin-new = New
admin-changed = Changed
admin-unchanged = Unchanged
admin-rejected = Refused
admin-progress = { $done } of { $of } rows written
admin-running = It is being written.
admin-may-leave = You may leave this page; the import goes on.
admin-stopped = The import stopped; what was written stays, and the same file goes on from there.
admin-ready-what = { $n ->
    [one] One row is written when you agree; refused rows are not.
   *[other] { $n } rows are written when you agree; refused rows are not.
}
admin-nothing = There is nothing to write.
admin-lost = The server stopped while it was written; agree again and it goes on.
admin-confirm = Write it
admin-cancel = Cancel
admin-ignored = Columns that are not read: { $names }
admin-warnings = { $n ->
    [one] One thing to look at
   *[other] { $n } things to look at
}
admin-rejects = Refused rows
admin-rejects-csv = All { $n } refused rows as CSV
admin-line = Line
admin-field = Field
admin-value = Value
admin-reason = Reason
admin-shown-ready = Rows to be written (the first 50)
admin-shown-running = Rows being written (the first 50)
admin-shown-done = Rows that were written (the first 50)
admin-shown-stopped = Rows that the preview meant to write (the first 50)
admin-written-what = { $n ->
    [one] The import is over: one row was written; refused rows were not.
   *[other] The import is over: { $n } rows were written; refused rows were not.
}
admin-written-nothing = The import is over; no row was written.
admin-see = See what is there now
admin-what = What
admin-name = What it is about
admin-begun = The import has begun.
admin-cancelled = It is cancelled; nothing was written.
admin-moved-on = It is not in that state any more.
admin-for-calendar = For a calendar
admin-for-calendar-help = The notice of a year (holiday-cn JSON), ICS, CSV (date,kind,name) or a calendar of this program. Every day that would change is listed first; once you agree, open deadlines are computed again in the background and the old ones are kept.
admin-division = Only in
admin-division-help = Empty for the whole city; a district or a street has hours and holidays of its own.
admin-years = Whole years
admin-years-help = Years that an ICS or CSV file knows whole, such as 2026, 2027; empty for those whose National Day it names.
admin-calendar-version-help = The version of the file if empty, else its years.
admin-ground = Ground
admin-ground-help = Such as the number of a document; it can be looked up later.
admin-calendar-bring = Bring in a calendar
admin-city-rules = Rules and look of the city
admin-city-rules-what = Limits, extensions, suspensions, call-backs and other rules the city sets itself; its name, hotline and colour.
admin-city-look = Look
admin-answers = Answers and lists
admin-notices = Notices
admin-notices-what = Notices that did not arrive, and how each is worded.
admin-notices-words = Words of notices
admin-connectors = Connected systems
admin-connectors-what = How systems of units pull and push orders, and what is stuck.
admin-connectors-stuck = What is stuck
admin-evaluation = Evaluation
admin-definitions = Definitions
admin-definitions-imports = Import definitions
admin-definitions-help = A file is one version of a set. What is new or says something else than the version before is listed first, and so is every fault; a set is taken whole or not at all.
admin-definitions-file-help = TOML or JSON in UTF-8, at most 1 MB, written as the text under “Copy and change”.
admin-definitions-none-advice = Choose a file, and look at it first.
admin-grid-items = Tasks of grid workers
admin-grid-items-what = The published list of what grid workers may be asked to do, each with the paper that admitted it.
admin-grid-items-bring = Import the list
