using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Orleans.Configuration;

namespace Lockstep.Silo.Cluster;

/// <summary>What silos and clients of Orleans have in common here.</summary>
internal static class OrleansSettings
{
    /// <summary>Name of Npgsql as Orleans knows it.</summary>
    public const string Provider = "Npgsql";

    /// <summary>Goes into the key of all stored grain state, so it is the same whatever the cluster's id.</summary>
    public const string ServiceId = "lockstep";

    // Orleans reads and writes its few rows through a pool of its own.
    private const int Connections = 4;

    // A batch of many pages is one message; what a request may ask for is bounded by the API.
    private const int MaxMessageBytes = 1 << 30;

    // What Orleans loses on its way nobody answers. An owner answers sooner than that, whatever its database does, by so much.
    private static readonly TimeSpan WayThere = TimeSpan.FromSeconds(5);

    public static void Name(this ClusterOptions ids, LockstepOptions options) => (ids.ClusterId, ids.ServiceId) = (options.Cluster.Id, ServiceId);

    public static void Bound(this MessagingOptions messages, LockstepOptions options) =>
        (messages.MaxMessageBodySize, messages.ResponseTimeout) = (MaxMessageBytes, options.Buckets.AnswerTime + WayThere);

    public static string ConnectionString(LockstepOptions options) => PostgresDatabase.CreateConnectionString(options.Postgres, Connections);
}
