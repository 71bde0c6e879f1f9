using Lockstep.Core.Attachments;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Attachments;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteAttachmentStoreTests : AttachmentStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IAttachmentStore Store => new SqliteAttachmentStore(database.Database);

    public void Dispose() => database.Dispose();
}
