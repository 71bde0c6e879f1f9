namespace Lockstep.Silo.Hosting;

/// <summary>What the program does.</summary>
internal enum MemberRole
{
    /// <summary>No member: the HTTP API and owners in one process, without Orleans.</summary>
    Single,

    /// <summary>Both: owners and the HTTP API.</summary>
    All,

    /// <summary>Owners of buckets. Over HTTP only health.</summary>
    Silo,

    /// <summary>The HTTP API, with owners in silos.</summary>
    Gateway,
}
