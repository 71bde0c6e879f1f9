namespace Lockstep.Grains.Wire.Former;

/// <summary>Which operation. Numbers are for ever.</summary>
public enum OperationKind : byte
{
    Read = 1,
    List = 2,
    Count = 3,
    Put = 4,
    Create = 5,
    Patch = 6,
    Delete = 7,
    DeleteMany = 8,
}
