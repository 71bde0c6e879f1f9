using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Orleans.Configuration;

namespace Lockstep.Silo.Cluster;

/// <summary>The settings that Orleans' silos and clients share.</summary>
internal static class OrleansSettings
{
    /// <summary>Orleans' name for Npgsql.</summary>
    public const string Provider = "Npgsql";

    /// <summary>Part of the key of all stored grain state, so it must not depend on the cluster's id.</summary>
    public const string ServiceId = "lockstep";

    // Orleans reads and writes its few rows through a pool of its own.
    private const int Connections = 4;

    // A batch of many pages is one message; what a request may ask for is bounded by the API.
    private const int MaxMessageBytes = 1 << 30;

    // Nobody answers a call that Orleans has lost. An owner answers earlier than Orleans' time-out by this much, whatever its database does.
    private static readonly TimeSpan WayThere = TimeSpan.FromSeconds(5);

    public static void Name(this ClusterOptions ids, LockstepOptions options) => (ids.ClusterId, ids.ServiceId) = (options.Cluster.Id, ServiceId);

    public static void Bound(this MessagingOptions messages, LockstepOptions options) =>
        (messages.MaxMessageBodySize, messages.ResponseTimeout) = (MaxMessageBytes, options.Buckets.AnswerTime + WayThere);

    public static string ConnectionString(LockstepOptions options) => PostgresDatabase.CreateConnectionString(options.Postgres, Connections);
}
