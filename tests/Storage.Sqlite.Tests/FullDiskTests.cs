using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A disk that somebody else has filled: what is refused is not done, and those who ask are told so.</summary>
public sealed class FullDiskTests
{
    [SmallDiskFact]
    public async Task Commit_WithNoByteFree_IsNotExecuted_AndNotFoundByARecovery()
    {
        using var disk = SmallDisk.Mount();
        var faults = new List<Exception>();
        using (var database = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(disk.Path, "lockstep.db"), OnFault = faults.Add }))
        {
            var store = new SqliteBucketStore(database);
            var stored = BucketId.Named("stored");
            Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket(stored))).Status);
            Assert.NotNull(await store.LoadAsync(stored, claim: false, default));

            disk.Fill();
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(CommitOutcome.NotExecuted, await store.CommitAsync(NewBucket(BucketId.Named($"refused{i}"))));
                Assert.Null(await store.LoadAsync(BucketId.Named($"refused{i}"), claim: false, default));
                Assert.NotNull(await store.LoadAsync(stored, claim: false, default));
            }

            // What a process would find that is started after this one was killed.
            Assert.Equal(["stored"], NamesAfterARecovery(disk.Path));
            disk.MakeRoom();
            Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket(BucketId.Named("after")))).Status);
            Assert.Equal(["after", "stored"], NamesAfterARecovery(disk.Path));
        }

        Assert.Contains(faults, static fault => fault is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_FULL });
    }

    private static List<string> NamesAfterARecovery(string directory)
    {
        var copy = Directory.CreateTempSubdirectory("lockstep-test-");
        try
        {
            foreach (var file in Directory.GetFiles(directory, "lockstep.db*").Where(static file => !file.EndsWith("-shm", StringComparison.Ordinal)))
            {
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            }

            using var connection = new SqliteConnection($"Data Source={Path.Combine(copy.FullName, "lockstep.db")};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT id FROM buckets ORDER BY id";
            using var reader = command.ExecuteReader();
            var names = new List<string>();
            while (reader.Read())
            {
                names.Add(BucketId.Parse(reader.GetString(0)).Name);
            }

            return names;
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    /// <summary>Large enough not to fit into what a page of the log has left.</summary>
    private static BucketCommit NewBucket(BucketId id) => new(
        BucketHeads.Unwritten(id) with { Version = 1, Clock = new ServerTimestamp(100), Exists = true }, Guid.NewGuid(), [], [], [],
        [KeyValuePair.Create(1, new StoredRecord { Id = "a", Modified = new(100), Body = new byte[20_000] })]);
}
