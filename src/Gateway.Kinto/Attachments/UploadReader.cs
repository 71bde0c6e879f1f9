using System.Buffers;
using System.Security.Cryptography;
using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>
/// Reads a form with a file, and stores the file piece by piece as it arrives. The file's row is stored before its content, so that an upload that is cut off is collected later.
/// </summary>
/// <remarks>kinto-attachment: the parts <c>attachment</c>, <c>data</c> and <c>permissions</c> of its POST, and its messages.</remarks>
internal sealed class UploadReader(IAttachmentStore files, IAttachmentContent content, KintoOptions options, HttpOptions http, TimeProvider time)
{
    private const int MaxFileName = 255;
    private const int ReadBytes = 64 << 10;

    /// <summary>Bytes that are held while a form arrives: the piece that is being filled, the one that is being written, and what is read from the connection.</summary>
    public const int BytesHeld = (2 * IAttachmentContent.PieceBytes) + ReadBytes;

    private int MaxFieldBytes => KintoResources.MaxBodyBytes(options);

    /// <summary>Bytes that a form may have.</summary>
    public long MaxFormBytes => options.Attachments.MaxBytes + (2L * MaxFieldBytes);

    /// <param name="request">The request on the wire.</param>
    /// <param name="boundary">Between the form's parts.</param>
    /// <param name="target">The record.</param>
    /// <param name="room">Holds <see cref="BytesHeld"/> already.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    /// <returns>The form; or the refusal, and then nothing of the form is left.</returns>
    /// <exception cref="StoreUnavailableException">It could not be stored.</exception>
    public async ValueTask<(UploadedForm? Form, KintoResponse? Error)> ReadAsync(
        HttpRequest request, string boundary, KintoTarget target, BodyRoom room, CancellationToken cancellationToken)
    {
        var file = default(Attachment);
        var isDone = false;
        try
        {
            var (data, permissions) = (default(ReadOnlyMemory<byte>), default(ReadOnlyMemory<byte>));
            var reader = new MultipartReader(boundary, new BodyStream(request, http.MinBodyBytesPerSecond, time), ReadBytes);
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
                {
                    return (null, Refuse("A part of the form has no Content-Disposition of form-data."));
                }

                var (name, fileName) = (HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "", FileNameOf(disposition));
                if (name == FileNames.Field)
                {
                    if (file is not null)
                    {
                        return (null, Refuse("attachment should be given once."));
                    }

                    if (New(target, fileName, section.ContentType, out var refusal) is not { } added)
                    {
                        return (null, refusal);
                    }

                    await files.AddAsync(added, cancellationToken);
                    file = added;
                    if (await StoreAsync(added, section.Body, cancellationToken) is not { } stored)
                    {
                        return (null, KintoErrors.TooLarge($"A file may have {options.Attachments.MaxBytes} bytes."));
                    }

                    file = stored;
                }
                else if (name is not ("data" or "permissions"))
                {
                    return (null, Refuse($"'{Shorten(name)}' not in ('data', 'permissions')"));
                }
                else if (fileName is not null)
                {
                    return (null, Refuse($"'{name}' field should be passed as form data, not files"));
                }
                else if (!(name == "data" ? data : permissions).IsEmpty)
                {
                    return (null, Refuse($"{name} should be given once."));
                }
                else
                {
                    var (field, error) = await ReadFieldAsync(section.Body, room, cancellationToken);
                    if (error is not null)
                    {
                        return (null, error);
                    }

                    (data, permissions) = name == "data" ? (field, permissions) : (data, field);
                }
            }

            if (file is null)
            {
                return (null, KintoErrors.Create(400, KintoErrno.InvalidPostedData, "Invalid parameters", "Attachment missing."));
            }

            isDone = true;
            return (new UploadedForm(file, data, permissions), null);
        }
        catch (BadHttpRequestException e)
        {
            return (null, e.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => KintoErrors.TooLarge($"A form with a file may have {MaxFormBytes} bytes."),
                StatusCodes.Status408RequestTimeout => KintoErrors.Of(new Refusal.BodyTooSlow(), options),
                _ => KintoErrors.Of(new Refusal.BodyBroken(), options),
            });
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return (null, Refuse("The form could not be read."));
        }
        finally
        {
            if (!isDone && file is not null)
            {
                await RemoveAsync(file.Id);
            }
        }
    }

    /// <summary>Removes a file that nothing names. If that fails, it is collected later.</summary>
    public async ValueTask RemoveAsync(string id)
    {
        try
        {
            await content.RemoveAsync(id, CancellationToken.None);
            await files.RemoveAsync(id, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // Nobody has claimed it, so it is collected once it is old.
        }
    }

    private Attachment? New(KintoTarget target, string? fileName, string? contentType, out KintoResponse? refusal)
    {
        refusal = fileName is not { Length: > 0 } ? Refuse("Filename is required.")
            : fileName.Length > MaxFileName ? Refuse($"The name of a file may have {MaxFileName} characters.")
            : !options.Attachments.Allows(fileName) ? Refuse("File extension is not allowed.")
            : null;
        var type = MediaTypeHeaderValue.TryParse(contentType, out var parsed) && parsed.MediaType.Value is { Length: > 0 and <= MaxFileName } known
            ? known.ToLowerInvariant() : "application/octet-stream";
        refusal ??= options.Attachments.AllowsType(type) ? null : Refuse("File type is not allowed.");
        return refusal is not null ? null : new Attachment(FileNames.NewId(), target.Bucket, target.List.Name, target.Id!, ServerTimestamp.Now(time))
        {
            FileName = fileName!,
            MediaType = type,
        };
    }

    /// <returns>The file as it is stored; null where it is too long.</returns>
    private async ValueTask<Attachment?> StoreAsync(Attachment file, Stream body, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // Not from a pool: a write that was given up may still read it.
        var piece = new byte[IAttachmentContent.PieceBytes];
        long size = 0;
        for (var number = 0; ; number++)
        {
            var length = await body.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken);
            size += length;
            if (size > options.Attachments.MaxBytes)
            {
                return null;
            }

            if (ServerTimestamp.Now(time) > file.Created.Plus(options.Attachments.UploadMilliseconds))
            {
                // It would be collected while it arrives, or before it is claimed.
                throw new BadHttpRequestException("The upload takes too long.", StatusCodes.Status408RequestTimeout);
            }

            if (length > 0)
            {
                hash.AppendData(piece, 0, length);
                await content.AppendAsync(file.Id, number, piece.AsMemory(0, length), cancellationToken);
            }

            if (length < piece.Length)
            {
                break;
            }
        }

        var stored = file with { Size = size, Hash = Convert.ToHexStringLower(hash.GetHashAndReset()) };
        await content.EndAsync(file.Id, cancellationToken);
        await files.EndAsync(file.Id, size, stored.Hash, cancellationToken);
        return stored;
    }

    private async ValueTask<(ReadOnlyMemory<byte> Field, KintoResponse? Error)> ReadFieldAsync(Stream body, BodyRoom room, CancellationToken cancellationToken)
    {
        var field = new ArrayBufferWriter<byte>();
        while (await body.ReadAsync(field.GetMemory(BodyReader.FirstStep), cancellationToken) is > 0 and var length)
        {
            if (field.WrittenCount + length > MaxFieldBytes)
            {
                return (default, KintoErrors.TooLarge($"A part of the form that is no file may have {MaxFieldBytes} bytes."));
            }

            // The buffer doubles, and the former one still exists for a while.
            if (!room.TryHold(3 * length))
            {
                return (default, KintoErrors.Unavailable(options.RetryAfter));
            }

            field.Advance(length);
        }

        return (field.WrittenMemory, null);
    }

    /// <returns>Null where there is none. Some browsers send the whole path.</returns>
    private static string? FileNameOf(ContentDispositionHeaderValue disposition)
    {
        var name = (disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName)).Value;
        return name is null ? null : string.Concat(name[(Math.Max(name.LastIndexOf('/'), name.LastIndexOf('\\')) + 1)..].Where(static c => !char.IsControl(c)));
    }

    private static string Shorten(string name) => name.Length <= 50 ? name : name[..50];

    private static KintoResponse Refuse(string description) => KintoErrors.Invalid(400, "body", null, description, KintoErrno.InvalidPostedData);
}
