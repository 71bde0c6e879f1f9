namespace Lockstep.Silo.Hosting;

/// <summary>What a process does.</summary>
internal enum ServerRole
{
    /// <summary>Both: owners and the HTTP API.</summary>
    All,

    /// <summary>Owners of buckets. Over HTTP only health.</summary>
    Silo,

    /// <summary>The HTTP API, with owners in silos.</summary>
    Gateway,
}
