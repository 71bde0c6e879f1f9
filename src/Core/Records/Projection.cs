namespace Lockstep.Core.Records;

/// <summary>Which parts of its rows a read wants. What it does not want is not there in what it gets.</summary>
public enum Projection : byte
{
    /// <summary>All of it.</summary>
    Whole = 0,

    /// <summary>What a list shows: all but the author.</summary>
    Listed = 1,

    /// <summary>All but the body, whose <see cref="StoredRecord.Length"/> is known all the same.</summary>
    Metadata = 2,
}
