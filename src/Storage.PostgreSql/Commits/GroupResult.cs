namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>The outcome of a transaction over many buckets.</summary>
internal enum GroupResult
{
    /// <summary>Committed; each commit in it has its own outcome.</summary>
    Committed,

    /// <summary>Rolled back, because the server refused some values in it.</summary>
    Refused,

    /// <summary>Not executed: the database cannot be reached, or refused it for another reason.</summary>
    NotExecuted,

    /// <summary>Perhaps committed, and the database cannot be asked.</summary>
    Unknown,
}
