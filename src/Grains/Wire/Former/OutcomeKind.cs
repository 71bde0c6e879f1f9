namespace Lockstep.Grains.Wire.Former;

/// <summary>Which outcome. Numbers are for ever.</summary>
public enum OutcomeKind : byte
{
    CountFound = 1,
    Forbidden = 2,
    Invalid = 3,
    Missing = 4,
    NotModified = 5,
    PageFound = 6,
    ParentMissing = 7,
    PreconditionFailed = 8,
    RecordDeleted = 9,
    RecordFound = 10,
    RecordKept = 11,
    RecordWritten = 12,
    RecordsDeleted = 13,
    TooLarge = 14,
    Unavailable = 15,
}
