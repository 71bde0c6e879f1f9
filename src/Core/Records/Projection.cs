namespace Lockstep.Core.Records;

/// <summary>Which parts of its rows a read wants. What it does not want is not there in what it gets.</summary>
public enum Projection : byte
{
    /// <summary>All of it.</summary>
    Whole = 0,

    /// <summary>What a list shows: all but the author and, unless the scan is of some principals, what the row says of rights.</summary>
    Listed = 1,

    /// <summary>All but the body, whose <see cref="StoredRecord.Length"/> is known all the same.</summary>
    Metadata = 2,

    /// <summary>
    /// As <see cref="Metadata"/>, of what the row says of rights only no more than <see cref="StoredRecord.ShortAcl"/> bytes: of more the
    /// length is known. For reads by key; it does not travel.
    /// </summary>
    Outline = 3,
}
