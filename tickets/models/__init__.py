from tickets.models.blocked import BlockedSender
from tickets.models.brand import Brand, MailWording, PortalText
from tickets.models.bulk import BulkItem, BulkJob
from tickets.models.canned import CannedAttachment, CannedFolder, CannedResponse, CannedTranslation
from tickets.models.choice import SlaChoice
from tickets.models.desk import Desk, Heartbeat, IdempotencyKey, Limit
from tickets.models.draft import Draft, DraftFile
from tickets.models.escalation import Escalation, SlaFired
from tickets.models.event import TicketEvent
from tickets.models.export import Export
from tickets.models.forms import Field, Form, FormVersion
from tickets.models.held import HeldUpload, UnsentRequest
from tickets.models.knowledge import (
    Article,
    ArticleFeedback,
    ArticleFile,
    ArticleText,
    ArticleVersion,
    Category,
    CategoryName,
    KnowledgeUse,
)
from tickets.models.mail import InboundEmail, Mailbox, OutboundEmail
from tickets.models.mention import Mention
from tickets.models.message import Attachment, Message
from tickets.models.muted import Muted
from tickets.models.notice import Notice, NoticePreferences
from tickets.models.people import (
    SYSTEM,
    ApiToken,
    CustomerMail,
    Membership,
    Organization,
    Permission,
    Role,
    System,
    Team,
    User,
)
from tickets.models.privacy import DataExport, ErasureRequest
from tickets.models.rating import Rating, Score
from tickets.models.recurring import RecurringTicket
from tickets.models.related import SideConversation, Task, TicketLink, TicketMerge
from tickets.models.relay import DkimKey, MailRelay, RelayHealth
from tickets.models.routing import Department, HelpTopic, Status
from tickets.models.rule import Rule, RuleCheck, RuleFiring, RuleRun, RuleVersion
from tickets.models.run import SlaRun
from tickets.models.sla import BusinessHours, DateHours, Holiday, OpeningHours, SlaPause, SlaPolicy, SlaTarget
from tickets.models.sources import HookToken, MailSource, OAuthGrant
from tickets.models.staffing import Absence, Skill
from tickets.models.ticket import Follower, ProposedFollower, Tag, Ticket
from tickets.models.view import Preferences, SavedView, ViewAudience, Viewed
from tickets.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "SYSTEM",
    "Absence",
    "ApiToken",
    "Article",
    "ArticleFeedback",
    "ArticleFile",
    "ArticleText",
    "ArticleVersion",
    "Attachment",
    "BlockedSender",
    "Brand",
    "BulkItem",
    "BulkJob",
    "BusinessHours",
    "CannedAttachment",
    "CannedFolder",
    "CannedResponse",
    "CannedTranslation",
    "Category",
    "CategoryName",
    "CustomerMail",
    "DataExport",
    "DateHours",
    "Department",
    "Desk",
    "DkimKey",
    "Draft",
    "DraftFile",
    "ErasureRequest",
    "Escalation",
    "Export",
    "Field",
    "Follower",
    "Form",
    "FormVersion",
    "Heartbeat",
    "HeldUpload",
    "HelpTopic",
    "Holiday",
    "HookToken",
    "IdempotencyKey",
    "InboundEmail",
    "KnowledgeUse",
    "Limit",
    "MailRelay",
    "MailSource",
    "MailWording",
    "Mailbox",
    "Membership",
    "Mention",
    "Message",
    "Muted",
    "Notice",
    "NoticePreferences",
    "OAuthGrant",
    "OpeningHours",
    "Organization",
    "OutboundEmail",
    "Permission",
    "PortalText",
    "Preferences",
    "ProposedFollower",
    "Rating",
    "RecurringTicket",
    "RelayHealth",
    "Role",
    "Rule",
    "RuleCheck",
    "RuleFiring",
    "RuleRun",
    "RuleVersion",
    "SavedView",
    "Score",
    "SideConversation",
    "Skill",
    "SlaChoice",
    "SlaFired",
    "SlaPause",
    "SlaPolicy",
    "SlaRun",
    "SlaTarget",
    "Status",
    "System",
    "Tag",
    "Task",
    "Team",
    "Ticket",
    "TicketEvent",
    "TicketLink",
    "TicketMerge",
    "UnsentRequest",
    "User",
    "ViewAudience",
    "Viewed",
    "Webhook",
    "WebhookDelivery",
]
