using System.Globalization;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>
/// The list of members of a cluster of one silo, in its memory. Nobody else reads it, so nobody declares this silo dead, however long it was paused.
/// </summary>
internal sealed class OwnMembershipTable(DeepCopier<MembershipEntry> copier) : IMembershipTable
{
    // Its only writer changes the table's version with each row, so that the row needs no version of its own.
    private const string NoTag = "";

    private readonly Lock gate = new();
    private MembershipEntry? row;
    private TableVersion version = new(0, "0");

    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    public Task<MembershipTableData> ReadAll()
    {
        lock (gate)
        {
            return Task.FromResult(row is null ? new MembershipTableData(version) : new MembershipTableData(Tuple.Create(copier.Copy(row), NoTag), version));
        }
    }

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAll();

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => WriteAsync(entry, tableVersion);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => WriteAsync(entry, tableVersion);

    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        lock (gate)
        {
            row?.IAmAliveTime = entry.IAmAliveTime;
        }

        return Task.CompletedTask;
    }

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

    private Task<bool> WriteAsync(MembershipEntry entry, TableVersion next)
    {
        lock (gate)
        {
            if (next.VersionEtag != version.VersionEtag)
            {
                return Task.FromResult(false);
            }

            row = copier.Copy(entry);
            version = new TableVersion(next.Version, next.Version.ToString(CultureInfo.InvariantCulture));
            return Task.FromResult(true);
        }
    }
}
