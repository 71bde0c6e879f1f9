using Lockstep.Core.Attachments;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Attachments;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteAttachmentContentTests : AttachmentContentContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IAttachmentContent Content => new SqliteAttachmentStore(database.Database);

    public void Dispose() => database.Dispose();
}
