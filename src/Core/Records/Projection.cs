namespace Lockstep.Core.Records;

/// <summary>The parts of rows that a read needs. Other parts are absent from the result.</summary>
public enum Projection : byte
{
    /// <summary>Everything.</summary>
    Whole = 0,

    /// <summary>The parts that a list shows: all but the author and, unless the scan is for some principals, the rights.</summary>
    Listed = 1,

    /// <summary>All but the body, whose <see cref="StoredRecord.Length"/> is known.</summary>
    Metadata = 2,

    /// <summary>
    /// As <see cref="Metadata"/>, with at most <see cref="StoredRecord.ShortAcl"/> bytes of rights. Of larger rights only the
    /// length is known. For reads by key; it is not sent between processes.
    /// </summary>
    Outline = 3,
}
