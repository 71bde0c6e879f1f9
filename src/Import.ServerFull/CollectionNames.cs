namespace Lockstep.Import.ServerFull;

/// <summary>Which numbers of collections have a name for everybody; all others have one by user, in the table <c>collections</c>.</summary>
/// <remarks>Origin: <c>syncstorage/storage/sql.py</c> of server-storage.</remarks>
public enum CollectionNames
{
    /// <summary>None: neither <c>standard_collections</c> nor <c>fixed_collections</c> was set.</summary>
    ByUser = 0,

    /// <summary><c>standard_collections</c>, in which two names are wrong: the clients' own, <c>clients</c> and <c>keys</c>, are by user.</summary>
    Standard = 1,

    /// <summary><c>fixed_collections</c>.</summary>
    Fixed = 2,
}
