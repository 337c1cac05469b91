"""A compiled plan and a portal: compare, rehearse, send. What ``wbc plan`` and ``wbc submit`` are made of.

``connection`` -> ``comparing`` -> ``sending``; ``telling`` says it as text. Only ``sending.submit`` writes to the portal.
"""

from workbook_compiler.submission.comparing import Compared as Compared
from workbook_compiler.submission.comparing import compared as compared
from workbook_compiler.submission.comparing import only as only
from workbook_compiler.submission.comparing import without as without
from workbook_compiler.submission.connection import Connection as Connection
from workbook_compiler.submission.connection import Where as Where
from workbook_compiler.submission.connection import connection as connection
from workbook_compiler.submission.sending import Submitted as Submitted
from workbook_compiler.submission.sending import forget as forget
from workbook_compiler.submission.sending import rehearsed as rehearsed
from workbook_compiler.submission.sending import submit as submit
from workbook_compiler.submission.telling import GO_ON as GO_ON
from workbook_compiler.submission.telling import overview as overview
from workbook_compiler.submission.telling import still_true as still_true
from workbook_compiler.submission.telling import summary as summary
