namespace Lockstep.Silo.Hosting;

/// <summary>What a member of the cluster does.</summary>
internal enum MemberRole
{
    /// <summary>Both: owners and the HTTP API.</summary>
    All,

    /// <summary>Owners of buckets. Over HTTP only health.</summary>
    Silo,

    /// <summary>The HTTP API, with owners in silos.</summary>
    Gateway,
}
